export function ensureBuilt(options?: { force?: boolean; quiet?: boolean }): boolean
export function isBuildFresh(hash?: string): boolean
export function hashSources(): string
