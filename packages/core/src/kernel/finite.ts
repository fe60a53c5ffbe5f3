// Whether weights are numbers: asked of every weight of every model, so there is no call and no branch for each.

/** Whether no weight is NaN or infinite. */
export function areFinite(weights: Float32Array | Float64Array): boolean {
  return weights instanceof Float32Array ? areFinite32(weights) : areFinite64(weights);
}

/** No exponent is all ones, or adding one to it would carry into the sign. */
function areFinite32(weights: Float32Array): boolean {
  const words = new Int32Array(weights.buffer, weights.byteOffset, weights.length);
  const whole = words.length - (words.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a |= (words[i]! & 0x7fff_ffff) + 0x80_0000;
    b |= (words[i + 1]! & 0x7fff_ffff) + 0x80_0000;
    c |= (words[i + 2]! & 0x7fff_ffff) + 0x80_0000;
    d |= (words[i + 3]! & 0x7fff_ffff) + 0x80_0000;
  }
  for (let i = whole; i < words.length; i++) a |= (words[i]! & 0x7fff_ffff) + 0x80_0000;
  return (a | b | c | d) >= 0;
}

/** Zero times what is not finite is NaN, and stays NaN in a sum. */
function areFinite64(weights: Float64Array): boolean {
  const whole = weights.length - (weights.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += weights[i]! * 0;
    b += weights[i + 1]! * 0;
    c += weights[i + 2]! * 0;
    d += weights[i + 3]! * 0;
  }
  for (let i = whole; i < weights.length; i++) a += weights[i]! * 0;
  return a + b + c + d === 0;
}
