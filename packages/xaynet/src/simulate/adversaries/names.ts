// The kinds of adversaries by name, each in a sentence, for --help, documents and reports; kinds.ts says how they do it.

/** How many times the difference that it learnt a boosting participant hands over. */
export const BOOST = 50;
/** Bounds that an overflowing participant adds to each weight. */
export const OVERFLOW = 10;
/** Messages that a flooding participant begins and never ends. */
export const FLOOD = 6;

/** Each kind in a sentence, for --help and reports. */
export const ADVERSARIES: Readonly<Record<string, string>> = {
  garbage: 'sends its messages with a byte changed, cut off, or replaced by noise',
  replay: 'sends every message twice, and those of earlier rounds again',
  double: 'sends a second, different update under the same key',
  malformed: 'masks for another model length, or with another configuration',
  boost: `hands over its model with what it learnt times ${BOOST}; masking cuts it to the bound`,
  flip: 'hands over the opposite of what it learnt',
  overflow: `adds ${OVERFLOW} times the bound to every masked weight, past what masking would cut off`,
  'bad-seeds': 'seals its mask seed to keys that are not those of the sum participants',
  'wrong-mask': 'leaves a seed out of the mask that it sends as a sum participant',
  withhold: 'never sends its mask as a sum participant',
  sybil: 'sends a sum message although it is not selected',
  flood: `begins ${FLOOD} messages in chunks and ends none of them`,
};
