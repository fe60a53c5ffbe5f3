// The memory store against the contract, with and without contributions.

import { storeConformance } from './conformance.test.ts';
import { MemoryStore } from './memory.ts';

storeConformance('memory', { open: async (options) => new MemoryStore(options) });
storeConformance('memory with contributions', { open: async (options) => new MemoryStore({ ...options, keepsContributions: true }) });
