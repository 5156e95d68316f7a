// Shows a comparison: two versions of the picture with a divider, a table, maps and downloads.

const PAINTED = "ablc, painted"; // name of a version
const made = []; // object URLs of the previous response
let updateSlider = null;

function address(base64, type) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  made.push(URL.createObjectURL(new Blob([bytes], { type })));
  return made.at(-1);
}

// answer: the response of POST /compare. original, mask: canvases; mask null: no region. name: of the downloads.
export function show(place, answer, original, mask, name) {
  made.splice(0).forEach((old) => URL.revokeObjectURL(old));
  const picture = address(answer.picture, "image/png");
  const painted = answer.painted && address(answer.painted.picture, "image/png");
  const versions = [
    { name: "original", source: original.toDataURL() },
    { name: "ablc", source: picture },
    ...(answer.painted ? [{ name: PAINTED, source: painted }] : []),
    ...answer.peers.map((peer) => ({ name: peer.name, source: address(peer.file, peer.type) })),
  ];
  offer(place, versions, answer);
  list(place.querySelector("#sizes"), answer);
  const download = (id, source, file) => Object.assign(place.querySelector(id), { href: source, download: file });
  download("#download-stream", address(answer.stream, "image/x-ablc"), `${name}.ablc`);
  download("#download-picture", painted ?? picture, `${name}.png`);
  figure(place.querySelector("#mask"), mask?.toDataURL(), mask ? "white counts more" : "none, all parts count equally");
  figure(place.querySelector("#kept"), address(answer.kept.picture, "image/jpeg"), answer.kept.about);
  figure(place.querySelector("#bits"), address(answer.bits.picture, "image/jpeg"), answer.bits.about);
  scale(place.querySelector(".bar"), answer.bits);
  place.hidden = false;
  updateSlider ??= startSlider(place.querySelector(".compare")); // of slider.js
  updateSlider();
}

function sides(place) {
  return [".choose-left", ".choose-right"].map((found) => place.querySelector(found));
}

// Puts the versions on the stage; the choices of both sides are kept.
function offer(place, versions, answer) {
  const stage = place.querySelector(".stage");
  stage.dataset.width = answer.width;
  stage.style.aspectRatio = `${answer.width}/${answer.height}`;
  place.querySelector(".compare").style.setProperty("--natural", `${answer.width}px`);
  stage.querySelectorAll("img").forEach((image) => image.remove());
  stage.prepend(...versions.map(({ name, source }) => {
    const image = Object.assign(new Image(), { src: source, alt: name });
    image.dataset.version = name;
    return image;
  }));
  sides(place).forEach((choice, side) => {
    let chosen = choice.value || (side ? "ablc" : answer.peers[0]?.name ?? "original");
    const offered = [...choice.options].some(({ value }) => value === PAINTED);
    if (side && chosen === "ablc" && answer.painted && !offered) chosen = PAINTED; // it is new
    if (chosen === PAINTED && !answer.painted) chosen = "ablc";
    choice.replaceChildren(...versions.map(({ name }) => new Option(name, name, false, name === chosen)));
  });
}

function list(body, answer) {
  const own = { name: "ablc", bytes: answer.bytes, psnr: answer.psnr, fits: true };
  const painted = answer.painted ? [{ ...own, name: PAINTED, psnr: answer.painted.psnr }] : [];
  body.replaceChildren(...[own, ...painted, ...answer.peers].map((file) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = file.name;
    if (!file.fits) {
      const remark = document.createElement("small");
      remark.textContent = "larger: its lowest quality";
      head.append(remark);
    }
    const bpp = 8 * file.bytes / (answer.width * answer.height);
    const numbers = [file.bytes.toLocaleString("en"), bpp.toFixed(3)];
    for (const part of ["whole", "inside", "outside"]) {
      const psnr = file.psnr[part];
      numbers.push(psnr === undefined ? "–" : psnr === null ? "=" : psnr.toFixed(2));
    }
    row.append(head, ...numbers.map((text) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      return cell;
    }));
    return row;
  }));
}

function figure(place, source, about) {
  const image = place.querySelector("img");
  image.hidden = !source;
  if (source) image.src = source;
  place.querySelector("span").textContent = about;
}

function scale(bar, bits) {
  const ramp = document.createElement("i");
  ramp.style.background = `linear-gradient(90deg, ${bits.colours.join(", ")})`;
  const ticks = bits.ticks.map(([position, text]) => {
    const tick = document.createElement("span");
    tick.style.left = `${100 * position}%`;
    tick.textContent = text;
    return tick;
  });
  bar.replaceChildren(ramp, ...ticks);
}
