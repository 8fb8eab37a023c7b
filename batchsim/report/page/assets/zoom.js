"use strict";
// Adds to charts over time a button that puts curves to zoom into and to read values from in the picture's place.
{
  const all = JSON.parse(document.getElementById("curves").textContent);
  const formats = {
    count: (value) => value.toLocaleString("en-US", { maximumFractionDigits: 1 }),
    usd: (value) =>
      "$" + value.toLocaleString("en-US", value >= 1000 ? { maximumFractionDigits: 0 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  };
  const variable = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
  const colour = (name) => {
    const probe = document.createElement("i");
    probe.className = name;
    document.body.append(probe);
    const found = variable(probe, "--c");
    probe.remove();
    return found;
  };

  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const clock = (seconds, apart) => {
    const instant = new Date(seconds * 1000);
    const time = instant.toISOString().slice(11, apart < 60 ? 19 : 16);
    return apart >= 86400 || /^00:00(:00)?$/.test(time) ? `${instant.getUTCDate()} ${months[instant.getUTCMonth()]}` : time;
  };

  // Sums of the first one, two, … curves, the last of them drawn first.
  const drawn = (curves) => {
    if (!curves.stacked) return curves.levels;
    const sums = curves.levels.map(() => []);
    curves.at.forEach((_, n) => {
      let sum = 0;
      curves.levels.forEach((levels, each) => sums[each].push((sum += levels[n])));
    });
    return sums;
  };

  const plot = (curves, place) => {
    const show = formats[curves.unit];
    const order = curves.levels.map((_, n) => n);
    if (curves.stacked) order.reverse();
    const sums = drawn(curves);
    const axis = { stroke: variable(document.body, "--ink"), grid: { stroke: variable(document.body, "--grid"), width: 1 }, ticks: { stroke: variable(document.body, "--grid"), width: 1 } };
    const options = {
      width: place.clientWidth,
      height: 320,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { y: { range: (_, __, most) => [0, most * 1.05 || 1] } },
      axes: [{ ...axis, values: (_, ticks, __, ___, apart) => ticks.map((each) => clock(each, apart)) }, { ...axis, size: 70, values: (_, ticks) => ticks.map(show) }],
      series: [
        { label: "UTC", value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
        ...order.map((each) => ({
          label: curves.names[each],
          stroke: colour(curves.classes[each]),
          fill: curves.stacked ? colour(curves.classes[each]) : undefined,
          width: curves.stacked ? 1 : 2,
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: false },
          value: (_, __, ___, at) => (at == null ? "–" : show(curves.levels[each][at])),
        })),
      ],
    };
    return new uPlot(options, [curves.at.map((at) => curves.start + at), ...order.map((each) => sums[each])], place);
  };

  document.querySelectorAll("figure[data-curves]").forEach((figure, number) => {
    const curves = all[number];
    const picture = figure.querySelector("svg.drawing");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "zoom";
    const words = ["Zoom and read values", "Show the picture"];
    const title = document.createElement("span");
    title.className = "unseen";
    title.textContent = ": " + figure.querySelector("h3").textContent;
    button.append(words[0], title);
    picture.after(button);
    let opened = null;
    const open = () => {
      const place = document.createElement("div");
      place.tabIndex = 0;
      place.setAttribute("role", "group");
      place.setAttribute("aria-label", "Curves: drag to zoom, double-click for all, arrow keys to read values");
      const hint = document.createElement("p");
      hint.className = "note";
      hint.textContent =
        "Drag to zoom, double-click for all of it; the arrow keys move along the steps." +
        (curves.thinned ? " Of each of 400 intervals the first, last, least and greatest step are here." : "");
      picture.after(place, hint);
      picture.setAttribute("hidden", "");
      let chart = plot(curves, place);
      const again = () => {
        chart.destroy();
        chart = plot(curves, place);
      };
      const observer = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 320 }));
      observer.observe(place);
      const scheme = matchMedia("(prefers-color-scheme: dark)");
      scheme.addEventListener("change", again);
      place.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const now = chart.cursor.idx ?? (step > 0 ? -1 : curves.at.length);
        const next = Math.min(Math.max(now + step, 0), curves.at.length - 1);
        chart.setCursor({ left: chart.valToPos(chart.data[0][next], "x"), top: 10 });
      });
      opened = () => {
        scheme.removeEventListener("change", again);
        observer.disconnect();
        chart.destroy();
        place.remove();
        hint.remove();
        picture.removeAttribute("hidden");
      };
    };
    button.addEventListener("click", () => {
      if (opened) opened();
      else open();
      const isOpen = Boolean(figure.querySelector(".uplot"));
      if (!isOpen) opened = null;
      button.firstChild.textContent = words[isOpen ? 1 : 0];
      button.setAttribute("aria-expanded", String(isOpen));
    });
  });
}
