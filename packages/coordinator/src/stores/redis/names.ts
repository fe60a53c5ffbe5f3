// The names of all keys. They begin with the prefix in braces, the hash tag of a cluster: all are on one node, as a script needs them to be,
// and an instance can be shared. What belongs to a round has the epoch in its name, which changes when the round is erased: so erasing is one
// act however much there is, and what comes late finds nothing.

/** A key; those with participants in them are binary. */
export type Key = string | Buffer;

/** Keys of one round. */
export interface RoundNames {
  /** Hash: sum participant → ephemeral key. */
  readonly sums: string;
  /** Hash: update participant → position. */
  readonly updates: string;
  /** Hash: position → participant, SHA-256 and key of the blob. */
  readonly contributions: string;
  /** Hash: sum participant → SHA-256 of its mask. */
  readonly voters: string;
  /** Sorted set: SHA-256 of a mask, by votes. */
  readonly votes: string;
  /** Hash: SHA-256 of a mask → key of its blob. */
  readonly masks: string;
  /** Hash: position, count, SHA-256 and key of the blob, position up to which contributions are let go. */
  readonly checkpoint: string;
  /** Stream: positions of contributions that are in no stored sum yet; its consumers are the members that they belong to. */
  readonly share: string;
  /** Hash: name of a stored sum → count, SHA-256 and key of the blob. */
  readonly partials: string;
  /** Set: names of messages that have chunks. */
  readonly messages: string;
  /** Set: names of senders that have chunks in a fleet. */
  readonly senders: string;
  /** Hash: update participant → digest of its sum participants, and its sealed seeds in their order. */
  readonly seeds: string;
  /** Hash: digest → sum participants in bytewise order; `now` → digest of those that the dictionary has. */
  readonly roster: string;
  /** List: the chunks of one message. */
  chunks(message: Uint8Array): Buffer;
  /** Hash, for a tag and a participant: `stored` → how many chunks there were; number and message id → chunk. */
  sent(sender: Uint8Array): Buffer;
}

/** What a prefix may be. */
export const PREFIX: RegExp = /^[A-Za-z0-9_.-]{1,64}$/;

/** See the head of the file. */
export class Names {
  /** What every key begins with. */
  readonly tag: string;
  /** Hash: format, installation, check of the key, epoch, sequence number, holder, progress and what of it decides, latest model, version of all that is published. */
  readonly meta: string;
  /** String that expires: who holds the lease. */
  readonly lease: string;
  /** Sorted set and hash: members of the fleet, until when they live; what they say of themselves. */
  readonly alive: string;
  readonly members: string;
  /** String: the sealed coordinator state. */
  readonly state: string;
  /** String: the sealed seed of the identity. */
  readonly identity: string;
  /** String: the sealed secret of the fleet. */
  readonly fleetSecret: string;
  /** Hash and sorted set: round → record, report. */
  readonly records: string;
  readonly recordRounds: string;
  readonly reports: string;
  readonly reportRounds: string;
  /** Hash: id → SHA-256, bytes and key of the blob; list: ids in the order of storing. */
  readonly models: string;
  readonly modelOrder: string;
  /** Set: keys of blobs that no index names any more and that are to be deleted. */
  readonly trash: string;
  /** Hash: key of a blob in Redis → bytes. */
  readonly blobs: string;

  constructor(prefix: string) {
    this.tag = `{${prefix}}:`;
    const name = (what: string): string => `${this.tag}${what}`;
    this.meta = name('meta');
    this.lease = name('lease');
    this.alive = name('alive');
    this.members = name('members');
    this.state = name('state');
    this.identity = name('identity');
    this.fleetSecret = name('fleet-secret');
    this.records = name('records');
    this.recordRounds = name('record-rounds');
    this.reports = name('reports');
    this.reportRounds = name('report-rounds');
    this.models = name('models');
    this.modelOrder = name('model-order');
    this.trash = name('trash');
    this.blobs = name('blobs');
  }

  /** Where the bytes of a blob are. */
  blob(key: string): string {
    return `${this.tag}blob:${key}`;
  }

  round(epoch: number): RoundNames {
    const name = (what: string): string => `${this.tag}${epoch}:${what}`;
    const chunks = Buffer.from(name('chunks:'));
    const sent = Buffer.from(name('sent:'));
    return {
      sums: name('sums'),
      updates: name('updates'),
      contributions: name('contributions'),
      voters: name('voters'),
      votes: name('votes'),
      masks: name('masks'),
      checkpoint: name('checkpoint'),
      share: name('share'),
      partials: name('partials'),
      messages: name('messages'),
      senders: name('senders'),
      seeds: name('seeds'),
      roster: name('roster'),
      chunks: (message) => Buffer.concat([chunks, message]),
      sent: (sender) => Buffer.concat([sent, sender]),
    };
  }
}
