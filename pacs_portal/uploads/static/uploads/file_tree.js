// What a person dropped or picked, as a flat list of {file, path}.
"use strict";
window.PacsFileTree = (() => {
  // A directory reader hands out its entries in batches (100 in Chromium) until one is empty.
  const readAll = async (reader) => {
    const entries = [];
    for (;;) {
      const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!batch.length) return entries;
      entries.push(...batch);
    }
  };

  const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

  const fromEntries = async (roots) => {
    const found = [];
    const waiting = [...roots];
    while (waiting.length) {
      const entry = waiting.pop();
      if (entry.isDirectory) {
        waiting.push(...await readAll(entry.createReader()));
      } else {
        found.push({ file: await fileOf(entry), path: entry.fullPath.replace(/^\/+/, "") });
      }
    }
    return found;
  };

  // The entries must be taken before the first await: the browser empties the list after the event.
  const fromDrop = (transfer) => {
    const items = [...transfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    return entries.length ? fromEntries(entries) : Promise.resolve(fromList(transfer.files));
  };

  const fromList = (files) =>
    [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

  return { fromDrop, fromList };
})();
