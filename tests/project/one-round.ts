// One whole round of messages from bench/coordinator, for tests that need a coordinator with a model.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Coordinator } from '@xaynet/coordinator';
import { decodeRoundParams } from '@xaynet/core/round';
import { HttpClient } from '../../bench/coordinator/http-client.ts';
import { RoundForge } from '../../bench/coordinator/messages.ts';

/** The first round of a coordinator that takes one sum participant and three updates, so that there is a model and a record. */
export async function oneRound(coordinator: Coordinator): Promise<void> {
  const http = new HttpClient(coordinator.url, 2);
  const get = async (path: string): Promise<Uint8Array> => {
    for (;;) {
      const { status, body } = await http.ask('GET', path);
      if (status === 200) return body;
      await sleep(10);
    }
  };
  const post = async (message: Uint8Array): Promise<void> => assert.equal((await http.ask('POST', '/message', message)).status, 200);
  while (coordinator.status().phase !== 'sum') await sleep(10);
  const forge = new RoundForge(decodeRoundParams((await get('/params')).slice()), 1);
  for (const message of forge.sumMessages()) await post(message);
  await get('/sums');
  for (let i = 0; i < 3; i++) for (const message of forge.updateMessages(0)) await post(message);
  await get(`/seeds?pk=${encodeURIComponent(Buffer.from(forge.sumKey).toString('base64'))}`);
  for (const message of forge.sum2Messages()) await post(message);
  await get('/model');
  http.close();
  while (!(coordinator.status().round === 2 && coordinator.status().phase === 'sum')) await sleep(10);
}
