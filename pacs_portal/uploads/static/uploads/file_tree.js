// What a person dropped or picked: {files: [{file, path}], unreadable: how many were left out}.
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
    const files = [];
    let unreadable = 0;
    const waiting = [...roots];
    while (waiting.length) {
      const entry = waiting.pop();
      try {
        if (entry.isDirectory) waiting.push(...(await readAll(entry.createReader())));
        else files.push({ file: await fileOf(entry), path: entry.fullPath.replace(/^\/+/, "") });
      } catch {
        unreadable += 1; // no permission, or gone since
      }
    }
    return { files, unreadable };
  };

  // The entries must be taken before the first await: the browser empties the list after the event.
  const fromDrop = (transfer) => {
    const items = [...transfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    return entries.length ? fromEntries(entries) : Promise.resolve(fromList(transfer.files));
  };

  const fromList = (list) => ({
    files: [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name })),
    unreadable: 0,
  });

  return { fromDrop, fromList };
})();
