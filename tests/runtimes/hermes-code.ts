// Lowers a script for Hermes, as React Native's bundler does: this Hermes has BigInt, generators and typed arrays, but no classes, private
// names, async functions or scopes of blocks.
import { createRequire } from 'node:module';

interface Babel {
  transformSync(code: string, options: unknown): { code: string };
}

const LOWERED = [
  'transform-classes',
  'transform-block-scoping',
  'transform-async-to-generator',
  'transform-async-generator-functions',
  'transform-class-properties',
  'transform-private-methods',
  'transform-private-property-in-object',
  'transform-class-static-block',
  'transform-named-capturing-groups-regex',
];

/** The script without what Hermes 0.12 lacks. */
export function forHermes(script: string): string {
  const require = createRequire(new URL('./package.json', import.meta.url));
  const { transformSync } = require('@babel/core') as Babel;
  const presets = [[require.resolve('@babel/preset-env'), { targets: { chrome: '67' }, modules: false, include: LOWERED }]];
  return transformSync(script, { configFile: false, babelrc: false, sourceType: 'script', compact: true, comments: false, presets }).code;
}
