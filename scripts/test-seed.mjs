// Loaded before every test file: gives all property tests the seed that scripts/test.mjs printed.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.XAYNET_TEST_SEED ?? 20261122) });
