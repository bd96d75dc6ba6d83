/* The two inline scripts of the published index.html, so that the page needs no inline script. */
console.time('scriptToView');
window.PUBLIC_URL = '/ohif/';
function browserImportFunction(address) {
  return import(address);
}
