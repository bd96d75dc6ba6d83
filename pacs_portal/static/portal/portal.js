// What every page shares: questions before acts that cannot be undone, and small comforts.
"use strict";
(() => {
  // <form data-confirm="Remove this member?"> or <button type="submit" data-confirm="…">
  const ask = (question) =>
    new Promise((resolve) => {
      const dialog = document.getElementById("confirm-dialog");
      document.getElementById("confirm-question").textContent = question;
      dialog.returnValue = "no";
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
      dialog.showModal();
    });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (!question || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopPropagation();
    if (!(await ask(question))) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(event.submitter || undefined);
    delete form.dataset.confirmed;
  }, true);

  // <button type="submit" data-busy="Checking …">: says so while a slow answer is on its way, and
  // a second click sends nothing. Who comes back by the browser's button may send again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const sentence = event.submitter?.dataset.busy;
    if (!sentence) return;
    if (form.ariaBusy === "true") {
      event.preventDefault();
      return;
    }
    form.ariaBusy = "true";
    const status = document.createElement("p");
    status.className = "busy";
    status.setAttribute("role", "status");
    event.submitter.after(status);
    status.textContent = sentence;
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll('form[aria-busy="true"]')) {
      form.ariaBusy = "false";
      form.querySelector(".busy")?.remove();
    }
  });

  // Signing in again in another tab changes the token: forms of an open page send the newest.
  const newestToken = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector('[name="csrfmiddlewaretoken"]');
    if (field) field.value = newestToken() || field.value;
  }, true);
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const token = newestToken();
    if (!token) return;
    detail.headers["X-CSRFToken"] = token;
    if (detail.formData.has("csrfmiddlewaretoken")) detail.formData.set("csrfmiddlewaretoken", token);
  });

  // Who was signed out meanwhile is told so, and what was refused is asked for again by the
  // event "signed-in" as soon as she comes back from the other tab.
  const signedOut = document.getElementById("signed-out");
  let refused = null;
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const isRefused = detail.xhr.status === 401;
    if (!signedOut || !detail.xhr.status || isRefused === Boolean(refused)) return;
    refused = isRefused ? detail.elt : null;
    if (isRefused) signedOut.append(signedOut.querySelector("template").content.cloneNode(true));
    else signedOut.querySelector(".notice").remove();
  });
  window.addEventListener("focus", () => {
    if (refused) window.htmx.trigger(refused, "signed-in");
  });

  // <img data-again>: a picture that the portal was too busy to draw (503) is asked for again.
  const TRIES = 10;
  const pause = (seconds) => new Promise((resolve) => { window.setTimeout(resolve, seconds * 1000); });
  document.addEventListener("error", async (event) => {
    const picture = event.target;
    if (picture.dataset?.again === undefined) return;
    delete picture.dataset.again;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await fetch(picture.src, { method: "HEAD" });
      if (answer.ok) picture.src = answer.url;
      if (answer.status !== 503) return;
      await pause(Number(answer.headers.get("Retry-After")));
    }
  }, true);

  // A picture that has arrived, told from one that is still being drawn.
  const arrived = (picture) => picture.classList.add("is-drawn");
  document.addEventListener("load", (event) => {
    if (event.target instanceof HTMLImageElement) arrived(event.target);
  }, true);
  for (const picture of document.images) {
    if (picture.complete && picture.naturalWidth) arrived(picture);
  }

  // <input type="checkbox" data-check-all="held">: checks every box of that name in its form.
  document.addEventListener("change", (event) => {
    const name = event.target.dataset.checkAll;
    if (!name) return;
    for (const box of event.target.form.elements) {
      if (box.name === name) box.checked = event.target.checked;
    }
  });

  // The answer to a form: reload and the browser's back button ask for its page anew. They would
  // send the form again, or end on the browser's own page that says so.
  const { address } = document.body.dataset;
  if (address) history.replaceState(history.state, "", address);

  // On small screens the tabs scroll: show the one that is open.
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // <time class="moment">: written in UTC; shown in the time of this browser, its zone named.
  const twoDigits = (number) => String(number).padStart(2, "0");
  const showLocally = (time) => {
    const at = new Date(time.dateTime);
    if (time.title || Number.isNaN(at.getTime())) return;
    const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
      .formatToParts(at).find((part) => part.type === "timeZoneName").value;
    time.title = time.textContent;
    time.textContent = `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())} `
      + `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())} ${zone}`;
  };
  for (const time of document.querySelectorAll("time.moment")) showLocally(time);

  // <input data-slug-source="id_name">: suggests a key until the person writes her own.
  for (const field of document.querySelectorAll("[data-slug-source]")) {
    const source = document.getElementById(field.dataset.slugSource);
    let isOwn = field.value !== "";
    field.addEventListener("input", () => { isOwn = field.value !== ""; });
    source?.addEventListener("input", () => {
      if (isOwn) return;
      field.value = source.value
        .normalize("NFKD").replace(/\p{M}/gu, "").replace(/ß/g, "ss").toLowerCase()
        .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40).replace(/-+$/, "");
    });
  }

  // <button data-copy="text">: puts the text on the clipboard and says so.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("is-copied");
    window.setTimeout(() => button.classList.remove("is-copied"), 1500);
  });
})();
