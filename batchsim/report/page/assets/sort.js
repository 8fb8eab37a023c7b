"use strict";
// Adds to the headings of tables a button that sorts by their column.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const isNumber = heading.classList.contains("number");
      // Figures begin with the greatest, texts with the first.
      const before = heading.getAttribute("aria-sort");
      const ascending = before ? before === "descending" : !isNumber;
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const known = (text) => text !== "" && !Number.isNaN(Number(text));
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        if (known(a) !== known(b) && isNumber) return known(a) ? -1 : 1; // what is unknown comes last
        const order = known(a) && known(b) ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true });
        return ascending ? order : -order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}
