// See killed.ts.

import { join } from 'node:path';
import { killedInEveryPhase } from './killed.ts';

killedInEveryPhase('embedded store', async (folder) => ({ store: { kind: 'embedded', path: join(folder, 'store') } }));
