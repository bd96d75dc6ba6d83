// Binds a drop zone to the form around it: files in, progress shown, form submitted when all arrived.
"use strict";
(() => {
  const NO_UPLOAD_YET = "00000000-0000-0000-0000-000000000000";
  const ORDER = new Intl.Collator(undefined, { numeric: true });
  const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

  // As the pages write sizes: 1 KB is 1024 bytes.
  const readableSize = (bytes) => {
    let power = 0;
    for (; bytes >= 1024 && power < UNITS.length - 1; power += 1) bytes /= 1024;
    return `${bytes.toLocaleString(undefined, { maximumFractionDigits: 1 })} ${UNITS[power]}`;
  };

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  class DropZone {
    constructor(zone) {
      this.zone = zone;
      this.form = zone.closest("form");
      this.action = this.form.getAttribute("action") || "";
      this.text = zone.dataset;
      this.target = zone.querySelector("[data-drop-target]");
      this.sender = null;
      this.waiting = []; // found, not yet announced
      this.running = null; // the promise of the transfer under way
      this.isReading = 0;
      this.hasStarted = false;
      this.listen();
    }

    listen() {
      const stop = (event) => event.preventDefault();
      for (const name of ["dragover", "drop"]) document.addEventListener(name, stop);
      this.target.addEventListener("dragover", () => this.target.classList.add("is-over"));
      for (const name of ["dragleave", "drop"]) {
        this.target.addEventListener(name, () => this.target.classList.remove("is-over"));
      }
      this.target.addEventListener("drop", (event) =>
        this.take(window.PacsFileTree.fromDrop(event.dataTransfer)));
      for (const picker of this.zone.querySelectorAll("input[type=file]")) {
        picker.addEventListener("change", () => {
          this.take(Promise.resolve(window.PacsFileTree.fromList(picker.files)));
          picker.value = "";
        });
      }
      this.part("retry").addEventListener("click", () => this.retry());
      this.form.addEventListener("submit", (event) => this.submit(event));
      window.addEventListener("beforeunload", (event) => {
        if (!this.hasStarted && (this.running || this.isReading)) event.preventDefault();
      });
    }

    part(name) { return this.zone.querySelector(`[data-drop-${name}]`); }

    async take(found) {
      this.isReading += 1;
      this.hideError();
      this.say(this.text.textReading);
      const { files, unreadable } = await found;
      this.isReading -= 1;
      this.sender ||= new window.PacsSender(this.text.uploadUrl, this.text.uploadId || "", this);
      files.sort((one, other) => ORDER.compare(one.path, other.path)); // numbers follow names
      this.waiting.push(...this.sender.add(files));
      this.onProgress();
      if (unreadable) this.showError(fill(this.text.textLeftOut, { count: unreadable }), false);
      const hasAll = await this.go();
      if (hasAll && !unreadable) this.goOn();
    }

    // Without another click, where the next page asks before anything begins.
    goOn() {
      const isUnderWay = this.isReading || this.running || this.hasStarted || this.isSubmitting;
      if ("goesOn" in this.text && this.sender?.files && !isUnderWay) this.form.requestSubmit();
    }

    // One transfer at a time; what is added meanwhile is sent after it.
    go() {
      this.running ||= this.transfer().catch((error) => { this.fail(error); return false; })
        .finally(() => { this.running = null; });
      return this.running;
    }

    async transfer() {
      while (this.waiting.length || this.sender.queue.length) {
        const items = this.waiting;
        this.waiting = [];
        try {
          await this.sender.announce(items);
        } catch (error) {
          this.waiting = [...items, ...this.waiting];
          throw error;
        }
        await this.sender.send();
      }
      return true;
    }

    async submit(event) {
      if (this.hasStarted || "isComplete" in this.text) return;
      event.preventDefault();
      if (!this.sender?.files && !this.text.uploadId) return this.showError(this.text.textNone, false);
      if (!this.form.reportValidity()) return;
      this.isSubmitting = true;
      this.setBusy(true);
      try {
        if (this.sender && !(await this.go())) return;
        await this.finish(event.submitter);
      } catch (error) {
        this.fail(error);
      } finally {
        this.isSubmitting = false;
        this.setBusy(false);
      }
    }

    async finish(submitter) {
      this.sender ||= new window.PacsSender(this.text.uploadUrl, this.text.uploadId, this);
      await this.sender.complete();
      this.zone.querySelector("[data-upload-field]").value = this.sender.uploadId;
      this.form.action = this.action.replace(NO_UPLOAD_YET, this.sender.uploadId);
      this.hasStarted = true;
      if (submitter?.name) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name: submitter.name, value: submitter.value });
        this.form.append(field);
      }
      this.form.submit();
    }

    async retry() {
      this.hideError();
      if (this.sender && (await this.go())) this.goOn();
    }

    setBusy(isBusy) {
      for (const button of this.form.querySelectorAll("button[type=submit]")) {
        button.disabled = isBusy;
      }
    }

    onProgress() {
      const { sender } = this;
      this.part("progress").hidden = false;
      this.part("meter").value = sender.bytes ? sender.sentBytes / sender.bytes : 1;
      this.say(this.progressText(sender));
    }

    progressText(sender) {
      const values = {
        files: sender.files.toLocaleString(), size: readableSize(sender.bytes),
        done: sender.doneFiles.toLocaleString(), sent: readableSize(sender.sentBytes),
      };
      const found = sender.files === 1 ? this.text.textFoundOne : this.text.textFound;
      if (sender.files && sender.doneFiles === sender.files) {
        return `${fill(found, values)}. ${this.text.textAllHere}`;
      }
      const isUnderWay = sender.uploadId || this.running;
      return fill(isUnderWay ? this.text.textProgress : found, values);
    }

    onRetry(isRetrying) {
      if (isRetrying) this.say(this.text.textRetrying);
    }

    say(text) {
      this.part("progress").hidden = false;
      if (this.part("text").textContent !== text) this.part("text").textContent = text;
    }

    fail(error) {
      const known = {
        401: this.text.textSignedOut, 403: this.text.textForbidden,
      }[error.status] || (error.code === "unreadable" ? this.text.textUnreadable : "");
      this.showError(known || error.sentence || this.text.textFailed, true);
    }

    showError(text, canRetry) {
      this.part("error-text").textContent = text;
      this.part("retry").hidden = !canRetry;
      this.part("error").hidden = false;
    }

    hideError() { this.part("error").hidden = true; }
  }

  for (const zone of document.querySelectorAll("[data-drop-zone]")) new DropZone(zone);
})();
