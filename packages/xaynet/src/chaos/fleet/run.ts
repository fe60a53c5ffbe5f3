// A chaos run over a fleet: several coordinators at one Redis, each with lines of its own to it and to S3, and a proxy that sends each request of the
// crowd to the next of them; the observer asks them by turns as well. What is proved, and how, is as with a single one.

import { Scene, type SceneInput } from '../scene.ts';
import { settingsText } from '../settings-text.ts';
import { Node } from './node.ts';
import { RedisProcess } from './redis-process.ts';
import { type FleetReport, summary } from './report.ts';
import { FleetTormentor } from './tormentor.ts';

/** What a run over a fleet is asked to do. */
export interface FleetInput extends SceneInput {
  readonly coordinators: number;
  readonly store: 'redis' | 'redis+s3';
  /** For `redis+s3`: where it is; credentials are in the environment. */
  readonly s3?: S3Place | undefined;
}

/** A bucket of an S3-compatible server on this machine, over plain HTTP; lines to it are disturbed like those to Redis. */
export interface S3Place {
  readonly endpoint: URL;
  readonly region: string;
  readonly bucket: string;
}

/** How long a lease lasts, in milliseconds: short, so that much happens in little time. */
const LEASE = 1000;
const POLL = 8;

/** Runs until the wanted rounds are completed, a promise that cannot be mended is broken, or the signal aborts. */
export async function runFleet(input: FleetInput): Promise<FleetReport> {
  const { seed, weights, killsPerRound, coordinators, store, s3 } = input;
  const scene = new Scene(input, POLL);
  const { folder, ledger, signal, odds } = scene;
  const prefix = `chaos-${seed}-${Date.now().toString(36)}/`;
  const nodes: Node[] = [];
  let turn = 0;
  let redis: RedisProcess | undefined;
  try {
    redis = await RedisProcess.start(folder, true);
    const running = redis;
    for (let index = 0; index < coordinators; index++) {
      const node = await Node.make({
        folder,
        index,
        redis: running.port,
        s3: s3 && Number(s3.endpoint.port || 80),
        settings: (port, line, toS3) =>
          settingsText(folder, port, weights, odds, {
            redis: `redis://127.0.0.1:${line}`,
            lease: LEASE / 1000,
            s3: s3 && { region: s3.region, endpoint: `http://127.0.0.1:${toS3}`, bucket: s3.bucket, prefix },
          }),
        news: (of, news) => {
          scene.news(news, `coordinator ${of.index}`);
          if (news.type === 'leads') tormentor.leads(of);
        },
      });
      nodes.push(node);
    }
    const tormentor = new FleetTormentor({
      nodes,
      redis: running,
      seed,
      killsPerRound,
      lease: LEASE,
      signal,
      killed: () => ledger.killed(),
      recovered: () => ledger.recovered(scene.shown),
      broken: (text) => ledger.broke('no-start', text),
    });
    const common = await scene.play({
      port() {
        for (let i = 0; i < nodes.length; i++) {
          const { port } = nodes[turn++ % nodes.length]!;
          if (port !== undefined) return port;
        }
        return undefined;
      },
      moment(moment, port) {
        if (moment !== 'answered' && port !== undefined) tormentor.moment(moment, port);
      },
      answers: () => {},
      roundEnded: () => tormentor.roundEnded(),
      kills: () => tormentor.deeds.kills.leader + tormentor.deeds.kills.follower,
      run: () => tormentor.run(),
      async end() {
        running.freeze(false);
        for (const node of nodes) {
          node.freeze(false);
          node.kill();
        }
        await Promise.all(nodes.map((node) => node.process.gone()));
      },
    });
    const { takeovers, ...deeds } = tormentor.deeds;
    return {
      chaos: 'fleet',
      store,
      coordinators,
      ...common,
      lease: LEASE,
      deeds,
      takeovers: summary(takeovers),
      starts: summary(nodes.flatMap((node) => node.starts)),
    };
  } finally {
    await redis?.kill();
    await Promise.all(nodes.flatMap((node) => node.lines.map((line) => line.close())));
  }
}
