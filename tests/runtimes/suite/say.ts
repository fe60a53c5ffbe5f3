// Where a line of output goes: `print` of shells and of our page, `console.log` elsewhere.

/** Prints a line. */
export const say: (line: string) => void = (() => {
  const { print, console } = globalThis as { print?: (line: string) => void; console?: { log(line: string): void } };
  return print === undefined ? (line: string) => console!.log(line) : (line: string) => print(line);
})();
