"use strict";
// Two versions of a picture on top of each other, with a movable border between them.

// place: the element around stage and controls. Returns a function to call when versions change.
function startSlider(place) {
  const stage = place.querySelector(".stage");
  const range = place.querySelector("input[type=range]");
  const left = place.querySelector(".choose-left");
  const right = place.querySelector(".choose-right");
  const zoom = place.querySelector(".zoom");
  const tags = [place.querySelector(".tag-left"), place.querySelector(".tag-right")];
  const nameOf = (choice) => choice.options[choice.selectedIndex].text;

  function move() {
    stage.style.setProperty("--split", `${range.value}%`);
    range.setAttribute(
      "aria-valuetext",
      `${range.value} % ${nameOf(left)}, ${100 - range.value} % ${nameOf(right)}`,
    );
  }

  function choose() {
    for (const image of stage.querySelectorAll("img")) {
      const version = image.dataset.version;
      // A version chosen for both sides is shown whole, as the right one.
      const side = version === right.value ? "right" : version === left.value ? "left" : "";
      image.className = side;
      image.hidden = !side;
    }
    [left, right].forEach((choice, i) => (tags[i].textContent = nameOf(choice)));
    move();
  }

  function scale() {
    const factor = Number(zoom.value);
    const pixels = Number(stage.dataset.width) / window.devicePixelRatio;
    stage.style.width = factor ? `${factor * pixels}px` : "";
    place.classList.toggle("enlarged", factor > 0);
    stage.classList.toggle("pixels", factor > 1);
  }

  function centre() {
    const scroll = stage.parentElement;
    scroll.scrollTo((stage.clientWidth - scroll.clientWidth) / 2, (stage.clientHeight - scroll.clientHeight) / 2);
  }

  function update() {
    choose();
    scale();
  }

  range.addEventListener("input", move);
  left.addEventListener("change", choose);
  right.addEventListener("change", choose);
  zoom.addEventListener("change", () => {
    scale();
    centre();
  });
  update();
  return update;
}
