// Which participant this tab is. Tabs of one browser take the first free seat, and hold it by a lock that the browser frees when they are
// gone, however they went: so a tab that is closed and opened again goes on as the participant that it was, and two are never one.

/** Seats to look at; more tabs than this are not opened. */
const SEATS = 1000;
const REMEMBERED = 'seat';

/** Takes a seat for as long as this tab lives: the one it had before a reload, or the first free one, from 1. */
export async function takeSeat(): Promise<number> {
  const before = Number(sessionStorage.getItem(REMEMBERED));
  for (const seat of [...(before > 0 ? [before] : []), ...Array.from({ length: SEATS }, (_, i) => i + 1)]) {
    if (!(await isFree(seat))) continue;
    sessionStorage.setItem(REMEMBERED, String(seat));
    return seat;
  }
  throw new Error('all seats are taken');
}

function isFree(seat: number): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(`digits seat ${seat}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => undefined); // held until the tab is gone
    });
  });
}
