// The one global of this room: with `await using` a pool ends at the end of its block.

interface SymbolConstructor {
  readonly asyncDispose: unique symbol;
}
