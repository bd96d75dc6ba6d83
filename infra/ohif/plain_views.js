function compileConstructor(dtype, dimension) {
  // Views of arrays as plain objects: the viewer's pages run no eval, which the package uses.
  const isGeneric = dtype === "generic";
  class View {
    constructor(data, shape, stride, offset) {
      this.data = data;
      this.shape = shape;
      this.stride = stride;
      this.offset = offset | 0;
    }
    get size() {
      return dimension < 0 ? 0 : this.shape.reduce((product, side) => product * side, 1);
    }
    get order() {
      const axes = this.stride.map((_, axis) => axis);
      return axes.sort((a, b) => Math.abs(this.stride[a]) - Math.abs(this.stride[b]));
    }
    index(i0, i1, ...others) {
      if (dimension < 0) return -1;
      let at = this.offset;
      if (dimension > 0) at += this.stride[0] * i0;
      if (dimension > 1) at += this.stride[1] * i1;
      for (let axis = 2; axis < dimension; axis++) at += this.stride[axis] * others[axis - 2];
      return at;
    }
    get(...places) {
      const at = this.index(...places);
      return isGeneric ? this.data.get(at) : this.data[at];
    }
    set(...places) {
      const value = places[dimension];
      const at = this.index(...places);
      if (isGeneric) return this.data.set(at, value);
      this.data[at] = value;
      return value;
    }
    valueOf() {
      return dimension === 0 ? this.get() : this;
    }
    hi(...ends) {
      const given = (end) => typeof end === "number" && end >= 0;
      const shape = this.shape.map((side, axis) => (given(ends[axis]) ? ends[axis] | 0 : side));
      return new View(this.data, shape, this.stride.slice(), this.offset);
    }
    lo(...starts) {
      const shape = this.shape.slice();
      let offset = this.offset;
      starts.slice(0, dimension).forEach((start, axis) => {
        if (typeof start !== "number" || start < 0) return;
        offset += this.stride[axis] * (start | 0);
        shape[axis] -= start | 0;
      });
      return new View(this.data, shape, this.stride.slice(), offset);
    }
    step(...steps) {
      const shape = this.shape.slice();
      const stride = this.stride.slice();
      let offset = this.offset;
      steps.slice(0, dimension).forEach((given, axis) => {
        if (typeof given !== "number") return;
        const step = given | 0;
        if (step < 0) offset += stride[axis] * (shape[axis] - 1);
        shape[axis] = Math.ceil(shape[axis] / Math.abs(step));
        stride[axis] *= step;
      });
      return new View(this.data, shape, stride, offset);
    }
    transpose(...axes) {
      const from = this.shape.map((_, axis) => (axes[axis] === undefined ? axis : axes[axis] | 0));
      const pick = (values) => from.map((axis) => values[axis]);
      return new View(this.data, pick(this.shape), pick(this.stride), this.offset);
    }
    pick(...places) {
      const shape = [];
      const stride = [];
      let offset = this.offset;
      for (let axis = 0; axis < dimension; axis++) {
        if (typeof places[axis] === "number" && places[axis] >= 0) {
          offset += this.stride[axis] * places[axis];
        } else {
          shape.push(this.shape[axis]);
          stride.push(this.stride[axis]);
        }
      }
      return compileConstructor(dtype, shape.length)(this.data, shape, stride, offset);
    }
  }
  View.prototype.dtype = dtype;
  View.prototype.dimension = dimension;
  return (data, shape = [], stride = [], offset = 0) => new View(data, shape, stride, offset);
}

function compileByEval(dtype, dimension) {
