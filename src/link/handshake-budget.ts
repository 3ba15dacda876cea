import { HANDSHAKES_MAX, HANDSHAKES_PER_ADDRESS_MAX } from "./port.ts";

/** How many strangers may be shaking hands at once, in all and for one address. */
export class Budget {
  private readonly byAddress = new Map<string, number>();
  private readonly taken = new WeakSet<object>();
  private total = 0;

  /** Takes a place for a connection, or gives false where there is none. */
  take(address: string, socket: object): boolean {
    const used = this.byAddress.get(address) ?? 0;
    if (this.total >= HANDSHAKES_MAX || used >= HANDSHAKES_PER_ADDRESS_MAX) return false;
    this.total += 1;
    this.byAddress.set(address, used + 1);
    this.taken.add(socket);
    return true;
  }

  /** Gives a connection's place back; a second time does nothing. */
  give(address: string, socket: object): void {
    if (!this.taken.delete(socket)) return;
    this.total -= 1;
    const left = (this.byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.byAddress.set(address, left);
    else this.byAddress.delete(address);
  }
}
