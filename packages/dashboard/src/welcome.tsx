// For somebody whose coordinator nobody has joined yet: the two commands with which participants come, and how many it takes.

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Card, Scroll } from './card.tsx';
import { count } from './format.ts';
import { address, live, rounds, settings } from './state.ts';

/** There while no round has ended and no message has come. */
export function Welcome() {
  const now = live.value;
  if (now === undefined || rounds.value === undefined || rounds.value.rounds.length > 0) return null;
  const { status, round } = now;
  const came = Object.values(round?.arrivals ?? {}).some((each) => each.length > 0);
  if (came || status.updates > 0 || status.sums > 0 || (status.counts?.accepted ?? 0) > 0) return null;
  const url = address('.').replace(/\/$/, '');
  const needed = settings.value?.costs.participants;
  return (
    <Card id="welcome" title="Nobody has joined yet" wide>
      <p>
        {needed === undefined ? 'A round takes several participants.' : `A round takes about ${count(needed)} participants.`} At the root of a checkout of the
        project, each of these starts one:
      </p>
      <Command name="An example in Node that learns a number of its own" text={`npx node --conditions=source examples/node/participant.mjs ${url}`} />
      <Command
        name="Your training script, in any language, from the folder that it is in"
        text={`xaynet participant --url ${url} --train "python3 train.py"`}
      />
      <p class="more">
        The second one needs <code>alias xaynet="$PWD/packages/xaynet/bin/xaynet.mjs"</code> in the checkout, once in a shell.
      </p>
    </Card>
  );
}

function Command({ name, text }: { name: string; text: string }) {
  const said = useSignal('Copy');
  const code = useRef<HTMLElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = 'Copied';
    } catch {
      // Pages that came over plain HTTP may not: then it is selected, and Ctrl+C does the rest.
      getSelection()?.selectAllChildren(code.current!);
      said.value = 'Selected';
    }
    setTimeout(() => {
      said.value = 'Copy';
    }, 2000);
  };
  return (
    <div class="command">
      <span class="more">{name}</span>
      <div class="line">
        <Scroll label={name}>
          <code ref={code}>{text}</code>
        </Scroll>
        <button type="button" onClick={copy}>
          <span aria-live="polite">{said.value}</span>
          <span class="spoken"> the command: {name}</span>
        </button>
      </div>
    </div>
  );
}
