// The memory store against the contract, with and without contributions.

import { storeConformance } from './conformance.test.ts';
import { MemoryStore } from './memory.ts';

storeConformance('memory', { open: async () => new MemoryStore() });
storeConformance('memory with contributions', { open: async () => new MemoryStore({ keepsContributions: true }) });
