import { exp, FLOAT, VECTOR } from "./vector";

/** y = gate / (1 + e^-gate) * up. Each row of x is gate [width], up [width]; y is [rows, width]. Width a multiple of 4. */
export function swiglu(x: usize, rows: usize, width: usize, y: usize): void {
  const bytes = width * FLOAT;
  const one = f32x4.splat(1);
  for (let row: usize = 0; row < rows; row++) {
    for (let i: usize = 0; i < bytes; i += VECTOR) {
      const gate = v128.load(x + i);
      const silu = f32x4.div(gate, f32x4.add(exp(f32x4.neg(gate)), one));
      v128.store(y + i, f32x4.mul(silu, v128.load(x + bytes + i)));
    }
    x += 2 * bytes;
    y += bytes;
  }
}
