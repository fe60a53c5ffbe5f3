// Digits as somebody may draw them with a mouse, as strokes on a pad of 100 by 100: several ways of writing each.
import type { Point, Stroke } from '../src/drawing.ts';

/** Part of an ellipse around (cx, cy), from angle `from` to `to` in degrees (0 is right, 90 is down), in 16 steps. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): Point[] {
  return Array.from({ length: 17 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 16) * Math.PI) / 180;
    return { x: cx + rx * Math.cos(angle), y: cy + ry * Math.sin(angle) };
  });
}

/** A line through these points. */
function line(...coordinates: number[]): Point[] {
  const corners = Array.from({ length: coordinates.length / 2 }, (_, i) => ({ x: coordinates[2 * i]!, y: coordinates[2 * i + 1]! }));
  return corners
    .slice(1)
    .flatMap((to, i) =>
      Array.from({ length: 9 }, (_, k) => ({ x: corners[i]!.x + ((to.x - corners[i]!.x) * k) / 8, y: corners[i]!.y + ((to.y - corners[i]!.y) * k) / 8 })),
    );
}

/** For each digit, ways to write it. */
export const WRITTEN: readonly (readonly (readonly Stroke[])[])[] = [
  [[arc(50, 50, 22, 35, -90, 270)], [arc(50, 50, 30, 34, -60, 300)], [arc(48, 50, 16, 36, -100, 260)]],
  [[line(36, 32, 52, 15, 52, 85)], [line(50, 12, 48, 88)], [line(38, 34, 54, 14, 54, 86), line(38, 86, 70, 86)]],
  [[[...arc(48, 32, 20, 18, 200, 380), ...line(66, 38, 28, 84, 72, 84)]], [[...arc(50, 34, 22, 22, 190, 390), ...line(68, 46, 30, 86, 74, 82)]]],
  [[[...arc(46, 32, 20, 18, 210, 450), ...arc(46, 68, 24, 18, -90, 150)]], [[...line(30, 16, 68, 16, 46, 44), ...arc(46, 64, 22, 20, -90, 150)]]],
  [[line(42, 14, 28, 58, 72, 58), line(60, 34, 58, 88)], [line(58, 88, 58, 14, 26, 62, 76, 62)], [line(34, 16, 32, 50, 66, 50), line(66, 16, 64, 88)]],
  [
    [[...line(66, 16, 34, 16, 32, 46), ...arc(46, 64, 24, 22, -110, 140)]],
    [line(34, 16, 32, 46), [...line(32, 46, 40, 42), ...arc(46, 64, 22, 22, -90, 145)], line(34, 16, 68, 15)],
  ],
  [[[...line(58, 14, 34, 50), ...arc(50, 66, 18, 20, 200, 560)]], [[...arc(58, 52, 28, 38, 270, 180), ...arc(48, 68, 18, 18, 180, 540)]]],
  [[line(28, 18, 72, 18, 44, 86)], [line(28, 18, 72, 18, 46, 86), line(36, 52, 66, 52)], [line(30, 26, 30, 16, 70, 16, 50, 88)]],
  [
    [[...arc(50, 32, 17, 17, 90, 450), ...arc(50, 68, 21, 19, -90, 270)]],
    [[...arc(50, 30, 18, 16, 0, -270), ...arc(50, 66, 20, 20, -90, 270), ...line(50, 46, 68, 30)]],
  ],
  [
    [[...arc(48, 34, 18, 18, 0, -360), ...line(66, 34, 62, 86)]],
    [[...arc(48, 34, 19, 19, -20, -360), ...line(67, 30, 64, 60), ...arc(46, 66, 20, 20, 0, 120)]],
  ],
];
