// Sends files to the intake: announces them, puts their bytes, tries again when the line breaks.
"use strict";
window.PacsSender = (() => {
  const FILES_PER_MANIFEST = 2000;
  const AT_ONCE = 4;
  const PAUSES_MS = [1000, 2000, 4000, 8000, 15000, 30000, 30000, 30000];

  class Refusal extends Error {
    constructor(status, code, sentence) {
      super(sentence);
      Object.assign(this, { status, code, sentence });
    }
  }

  const pause = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

  // Signing in again in another tab changes the token, so it is read anew for every request.
  const csrfToken = () =>
    document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1]
    || document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";

  const request = (method, url, body, onProgress) => new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(method, url);
    call.setRequestHeader("X-CSRFToken", csrfToken());
    call.setRequestHeader("Accept", "application/json");
    call.setRequestHeader(
      "Content-Type", typeof body === "string" ? "application/json" : "application/octet-stream");
    if (onProgress) call.upload.onprogress = (event) => onProgress(event.loaded);
    call.onload = () => {
      let answer = {};
      try { answer = JSON.parse(call.responseText); } catch { /* a page, not an answer */ }
      if (call.status >= 200 && call.status < 300) resolve(answer);
      else reject(new Refusal(call.status, answer.code || "", answer.sentence || ""));
    };
    call.onerror = () => reject(new Refusal(0, "", ""));
    call.send(body);
  });

  const isPassing = (error) => error.status === 0 || error.code === "broken-off"
    || (error.status >= 500 && error.status !== 507) || error.status === 429;

  const isReadable = async (file) => {
    try { await file.slice(0, 1).arrayBuffer(); return true; } catch { return false; }
  };

  return class Sender {
    constructor(url, uploadId, listener) {
      Object.assign(this, { url, uploadId, listener });
      this.known = new Map(); // path -> item
      this.queue = [];
      this.bytes = 0;
      this.sentBytes = 0;
      this.doneFiles = 0;
    }

    get files() { return this.known.size; }

    // The same file dropped twice counts once; another file of the same path gets a name beside it.
    add(found) {
      const fresh = [];
      for (const { file, path } of found) {
        const own = this.#freePath(file, path);
        if (!own) continue;
        const item = { file, path: own, number: 0, sent: 0, isDone: false };
        this.known.set(own, item);
        this.bytes += file.size;
        fresh.push(item);
      }
      return fresh;
    }

    #freePath(file, path) {
      let free = path;
      for (let copy = 2; this.known.has(free); copy += 1) {
        const other = this.known.get(free).file;
        if (other.size === file.size && other.lastModified === file.lastModified) return "";
        free = path.replace(/(\.[^./]*)?$/, (ending) => ` (${copy})${ending}`);
      }
      return free;
    }

    async announce(items) {
      for (let start = 0; start < items.length; start += FILES_PER_MANIFEST) {
        await this.#announceBatch(items.slice(start, start + FILES_PER_MANIFEST));
      }
    }

    async #announceBatch(items) {
      const files = items.map(({ file, path }) => ({
        path, size_bytes: file.size, modified_at: new Date(file.lastModified).toISOString(),
      }));
      const url = this.uploadId ? `${this.url}${this.uploadId}/manifest/` : this.url;
      const answer = await this.#persist(() => request("POST", url, JSON.stringify({ files })));
      this.uploadId = answer.id;
      const missing = new Set(answer.missing);
      items.forEach((item, index) => {
        item.number = answer.numbers[index];
        if (missing.has(item.number)) this.queue.push(item);
        else this.#finish(item);
      });
    }

    // Several at a time: small files wait for answers, not for the line.
    async send() {
      const lanes = Array.from({ length: AT_ONCE }, async () => {
        for (let item = this.queue.shift(); item; item = this.queue.shift()) {
          try {
            await this.#put(item);
          } catch (error) {
            this.queue.unshift(item);
            throw error;
          }
        }
      });
      const ends = await Promise.allSettled(lanes);
      const failed = ends.find((end) => end.status === "rejected");
      if (failed) throw failed.reason;
    }

    async #put(item) {
      const url = `${this.url}${this.uploadId}/files/${item.number}/`;
      await this.#persist(async () => {
        this.#progress(item, 0);
        try {
          await request("PUT", url, item.file, (loaded) => this.#progress(item, loaded));
        } catch (error) {
          if (error.status === 0 && !(await isReadable(item.file))) {
            throw new Refusal(-1, "unreadable", "");
          }
          throw error;
        }
      });
      this.#finish(item);
    }

    #progress(item, sent) {
      const bounded = Math.min(sent, item.file.size);
      this.sentBytes += bounded - item.sent;
      item.sent = bounded;
      this.listener.onProgress();
    }

    #finish(item) {
      this.#progress(item, item.file.size);
      if (!item.isDone) this.doneFiles += 1;
      item.isDone = true;
      this.listener.onProgress();
    }

    complete() {
      return this.#persist(() => request("POST", `${this.url}${this.uploadId}/complete/`, "{}"));
    }

    async #persist(attempt) {
      for (let failures = 0; ; failures += 1) {
        try {
          const answer = await attempt();
          this.listener.onRetry(false);
          return answer;
        } catch (error) {
          if (!isPassing(error) || failures === PAUSES_MS.length) throw error;
          this.listener.onRetry(true);
          await pause(PAUSES_MS[failures]);
        }
      }
    }
  };
})();
