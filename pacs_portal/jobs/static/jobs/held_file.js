// The picture of a held file: frames, brightness, and boxes drawn by mouse, finger or numbers.
"use strict";
(() => {
  const figure = document.querySelector("[data-held-picture]");
  if (!figure) return;
  const SVG = "http://www.w3.org/2000/svg";
  const SIDES = ["left", "top", "width", "height"];
  const sizes = JSON.parse(document.getElementById("held-sizes").textContent);
  const picture = figure.querySelector("img");
  const canvas = figure.querySelector("svg");
  const problem = figure.querySelector("[data-held-error]");
  const loading = figure.querySelector("[data-held-loading]");
  const imagePicker = figure.querySelector("[data-held-image]");
  const framePicker = figure.querySelector("[data-held-frame]");
  const windowPicker = figure.querySelector("[data-held-window]");
  const boxes = document.querySelector("[data-held-boxes]");
  const list = boxes?.querySelector("ol");

  // Which image, frame and brightness -------------------------------------------------------
  const image = () => Number(imagePicker?.value || 0);

  const tell = (picker, count) => {
    if (picker) picker.parentElement.querySelector("output").textContent = `${Number(picker.value) + 1} / ${count}`;
  };

  const tellPlace = () => {
    tell(imagePicker, sizes.length);
    tell(framePicker, sizes[image()].frames);
  };

  const show = () => {
    const wish = new URLSearchParams({
      image: image(), frame: framePicker.value, window: windowPicker.value,
    });
    loading.hidden = false; // what is still black, or another frame, must not pass for the picture
    picture.src = `${figure.dataset.heldPicture}?${wish}`;
    tellPlace();
  };

  const changeImage = () => {
    const { columns, rows, frames } = sizes[image()];
    framePicker.max = frames - 1;
    framePicker.value = 0;
    framePicker.parentElement.hidden = frames === 1;
    picture.width = columns;
    picture.height = rows;
    canvas.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    show();
  };

  imagePicker?.addEventListener("change", changeImage);
  framePicker.addEventListener("change", show);
  windowPicker.addEventListener("change", show);
  for (const picker of [imagePicker, framePicker]) picker?.addEventListener("input", tellPlace);
  const arrived = (isShown) => {
    loading.hidden = true;
    problem.hidden = isShown;
  };
  picture.addEventListener("error", () => arrived(false));
  picture.addEventListener("load", () => arrived(true));
  if (picture.complete) arrived(picture.naturalWidth > 0);
  tellPlace();
  if (!boxes) return;

  // Boxes: the numbers in the list are what is sent; the picture shows them ------------------
  const field = (row, side) => row.querySelector(`[name="${side}"]`);

  const draw = () => {
    canvas.replaceChildren(...[...list.children].map((row) => {
      const rect = document.createElementNS(SVG, "rect");
      const [x, y, width, height] = SIDES.map((side) => Math.max(0, Number(field(row, side).value)));
      for (const [name, value] of Object.entries({ x, y, width, height })) rect.setAttribute(name, value);
      rect.classList.toggle("is-chosen", row.contains(document.activeElement));
      return rect;
    }));
  };

  const addBox = (values) => {
    const row = boxes.querySelector("template").content.firstElementChild.cloneNode(true);
    SIDES.forEach((side, index) => { field(row, side).value = values[index]; });
    list.append(row);
    draw();
    return row;
  };

  boxes.addEventListener("input", draw);
  boxes.addEventListener("focusin", draw);
  boxes.addEventListener("focusout", () => setTimeout(draw));
  boxes.addEventListener("click", (event) => {
    if (event.target.closest("[data-remove-box]")) {
      const row = event.target.closest("li");
      const other = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      (other?.querySelector("[data-remove-box]") || boxes.querySelector("[data-add-box]")).focus();
      draw();
    } else if (event.target.closest("[data-add-box]")) {
      const { columns, rows } = sizes[image()];
      const values = [columns / 4, rows / 4, columns / 2, rows / 8].map((value) => Math.max(1, Math.round(value)));
      field(addBox(values), "left").focus();
    }
  });

  // Drawing with a pointer: from where it goes down to where it goes up ------------------------
  let start = null;
  let drawn = null;

  const pixelAt = (event) => {
    const { columns, rows } = sizes[image()];
    const area = canvas.getBoundingClientRect();
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    return [
      within((event.clientX - area.left) / area.width * columns, columns),
      within((event.clientY - area.top) / area.height * rows, rows),
    ];
  };

  const between = ([x, y], [otherX, otherY]) => {
    const left = Math.floor(Math.min(x, otherX));
    const top = Math.floor(Math.min(y, otherY));
    return [left, top, Math.ceil(Math.max(x, otherX)) - left, Math.ceil(Math.max(y, otherY)) - top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    start = pixelAt(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start) return;
    const values = between(start, pixelAt(event));
    drawn ??= addBox(values);
    SIDES.forEach((side, index) => { field(drawn, side).value = Math.max(values[index], index > 1 ? 1 : 0); });
    draw();
  });
  const stop = (event) => {
    if (event.type === "pointercancel") drawn?.remove(); // the finger scrolled after all
    start = drawn = null;
    draw();
  };
  canvas.addEventListener("pointerup", stop);
  canvas.addEventListener("pointercancel", stop);
  draw();
})();
