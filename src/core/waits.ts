/**
 * Hosts that told one of us to wait, shared by all processes of an installation (a table of the service). Milliseconds
 * since 1970. Loses freely: who does not know of it asks, and is told again.
 */
export interface Waits {
  until(host: string): Promise<number | undefined>
  note(host: string, until: number): Promise<void>
}
