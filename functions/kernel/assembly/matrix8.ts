import { BLOCK } from "./matrix8-block";
import { fourRows } from "./matrix8-four-rows";
import { oneRow } from "./matrix8-one-row";
import { FLOAT } from "./vector";

/**
 * y = levels W^T, scaled, plus a bias; or y += that.
 *
 *     levels   int16 [rows, inputs]                        each row scaled by levelScales[row]
 *     weights  int8 [outputs / 8][inputs / 2][8][2]        output o scaled by weightScales[o]
 *     bias     float32 [outputs], or 0                     y  float32 [rows], `stride` bytes apart
 *
 * `inputs` is a multiple of 8, `outputs` of 32. A pair of levels in all lanes, times a vector of weights, is a part of four
 * outputs' sums at once, so that nothing is ever summed over lanes. Rows go four together, block after block. What is left goes
 * row by row, as fast as memory is: its weights are read as four streams, one for each quarter of the outputs, since processors fetch
 * ahead within a page only and one stream waits for memory at the beginning of each. No sum can overflow as long as
 * 128 * largest level * inputs < 2^31; see quantiseRows.
 */
export function matrix8(
  levels: usize,
  levelScales: usize,
  rows: usize,
  inputs: usize,
  weights: usize,
  weightScales: usize,
  bias: usize,
  outputs: usize,
  y: usize,
  stride: usize,
  accumulate: bool,
): void {
  const row = inputs * 2;
  const together = rows & ~3;
  if (together > 0) {
    let block = weights;
    for (let at: usize = 0; at < outputs * FLOAT; at += BLOCK * FLOAT) {
      for (let i: usize = 0; i < together; i += 4) {
        const scales = levelScales + i * FLOAT;
        const to = y + i * stride;
        fourRows(levels + i * row, inputs, scales, block, weightScales, bias, at, to, stride, accumulate);
      }
      block += BLOCK * inputs;
    }
  }
  if (together < rows) {
    const quarter = outputs / 4;
    let blocks = weights;
    for (let at: usize = 0; at < quarter * FLOAT; at += BLOCK * FLOAT) {
      for (let i = together; i < rows; i++) {
        const scale = load<f32>(levelScales + i * FLOAT);
        const to = y + i * stride;
        oneRow(levels + i * row, inputs, scale, blocks, weightScales, bias, at, quarter, to, accumulate);
      }
      blocks += BLOCK * inputs;
    }
  }
}
