// What happens at the coordinator, as Server-Sent Events. A browser opens six connections to one server, for all tabs together, and such a
// stream keeps one for good: so one tab listens and tells the others, and when it is closed the next one does.

/** What is told: the type of an event of the coordinator, and its data; `open` when a stream begins, so that what came before is asked for. */
export interface Told {
  readonly type: string;
  readonly data: { readonly round?: number; readonly phase?: string; readonly earliestEnd?: number; readonly message?: string };
}

const TYPES = ['phase', 'accepted', 'model', 'failure'];

/** Calls `tell` with every event at the coordinator from now on. */
export function followCoordinator(url: string, tell: (told: Told) => void): void {
  const others = new BroadcastChannel('digits events');
  others.onmessage = ({ data }) => tell(data);
  void navigator.locks.request('digits events', () => {
    const events = new EventSource(`${url}/events?types=${TYPES}`);
    const all = (told: Told): void => {
      tell(told);
      others.postMessage(told);
    };
    events.onopen = () => all({ type: 'open', data: {} });
    for (const type of TYPES) events.addEventListener(type, ({ data }) => all({ type, data: JSON.parse(data) }));
    return new Promise(() => undefined); // until this tab is gone
  });
}
