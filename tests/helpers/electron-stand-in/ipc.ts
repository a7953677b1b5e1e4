type Handler = (event: unknown, ...args: unknown[]) => unknown

const handlers = new Map<string, Handler>()

export const ipcMain = {
  handle(channel: string, handler: Handler): void {
    if (handlers.has(channel)) throw new Error(`a handler for ${channel} exists already`)
    handlers.set(channel, handler)
  },
  /** Not Electron's: how the stand-in delivers a call. */
  async invoke(event: unknown, channel: string, args: unknown[]): Promise<unknown> {
    const handler = handlers.get(channel)
    if (!handler) throw new Error(`no handler for ${channel}`)
    return structuredClone(await handler(event, ...args))
  },
}
