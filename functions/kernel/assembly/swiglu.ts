import { constant, exp2, FLOAT, VECTOR } from "./vector";

const ONE: usize = memory.data<f32>([1]);
const LARGEST_POWER: usize = memory.data<f32>([126]);
const MINUS_LOG2_E: usize = memory.data<f32>([-1.44269504088896341]);

/** y = gate / (1 + e^-gate) * up. Each row of x is gate [width], up [width]; y is [rows, width]. Width a multiple of 4. */
export function swiglu(x: usize, rows: usize, width: usize, y: usize): void {
  const bytes = width * FLOAT;
  for (let row: usize = 0; row < rows; row++) {
    for (let i: usize = 0; i < bytes; i += VECTOR) {
      const gate = v128.load(x + i);
      // Beyond 126, near the end of float32, the result is about zero anyhow.
      const power = f32x4.pmin(f32x4.mul(gate, constant(MINUS_LOG2_E)), constant(LARGEST_POWER));
      const silu = f32x4.div(gate, f32x4.add(exp2(power), constant(ONE)));
      v128.store(y + i, f32x4.mul(silu, v128.load(x + bytes + i)));
    }
    x += 2 * bytes;
    y += bytes;
  }
}
