"use strict";
// Set-up of the loaded page: theme, plots, sliders.

const theme = document.getElementById("theme");
theme.addEventListener("change", () => {
  if (theme.value) document.documentElement.dataset.theme = theme.value;
  else delete document.documentElement.dataset.theme;
});

const plots = JSON.parse(document.getElementById("plots").textContent);
const drawn = [...document.querySelectorAll("[data-plot]")].map(
  (place) => new Drawing(place, plots[place.dataset.plot]),
);
const rates = drawn.filter((drawing) => drawing.place.closest("#rd-plots"));
for (const drawing of drawn) if (!rates.includes(drawing)) addKey(drawing);
if (rates.length) {
  const [measured, others] = ["legend-measured", "legend-published"].map((id) => document.getElementById(id));
  addLegend(measured, others, rates);
  others.hidden = !others.querySelector("label");
  for (const choice of document.querySelectorAll("[name=rate-axis]")) {
    choice.addEventListener("change", () => {
      for (const drawing of rates) drawing.setLogarithmic(choice.value === "log");
    });
  }
}
for (const place of document.querySelectorAll(".compare")) startSlider(place);
