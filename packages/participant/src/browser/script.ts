// The one file for script tags: in a page it defines `xaynet`, in a worker that it started itself it serves.

import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { masksWorker } from '#engine-worker';
import { Participant } from '../participant.ts';
import { runParticipant } from '../run.ts';
import { indexedDbStore } from './indexed-db.ts';
import { runBrowserParticipant } from './run-browser.ts';
import { ENGINE_NAME, MASKS_NAME, scope } from './scope.ts';
import { serveWorker } from './worker-scope.ts';

if (scope.document === undefined && (scope.name === ENGINE_NAME || scope.name === MASKS_NAME)) serveWorker(scope, masksWorker);
else (globalThis as { xaynet?: unknown }).xaynet = { runBrowserParticipant, runParticipant, Participant, indexedDbStore, XaynetError, isXaynetError };
