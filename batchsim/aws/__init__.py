"""From simulation to AWS and back: export, deploy, import."""
