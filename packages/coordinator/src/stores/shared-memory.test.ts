import { FakeClock } from '../clock.test.ts';
import { sharedConformance } from './shared-conformance.test.ts';
import { SharedMemory } from './shared-memory.ts';

sharedConformance('shared memory', {
  fleet: async () => {
    const clock = new FakeClock();
    const shared = new SharedMemory(clock);
    return {
      connect: async () => shared.connect(),
      pass: async (leases, awake) => {
        for (let i = 0; i < 4 * leases; i++) {
          await clock.advance(shared.leaseMs / 4 + 1);
          await awake?.();
        }
      },
    };
  },
});
