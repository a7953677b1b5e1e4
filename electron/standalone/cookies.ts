/** The value of one cookie of a `Cookie` header, or undefined. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, ...value] = part.trim().split('=')
    if (key === name) return value.join('=')
  }
  return undefined
}

/**
 * The session cookie's name. Cookies ignore ports, so the port is part of it; over TLS the `__Host-` prefix makes the
 * browser refuse any copy set by another host or without `Secure`.
 */
export function nameSessionCookie(port: number, secure: boolean): string {
  return `${secure ? '__Host-' : ''}chanbo-${port}`
}

export function writeSessionCookie(name: string, secret: string, secure: boolean): string {
  return `${name}=${secret}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}

export function clearSessionCookie(name: string, secure: boolean): string {
  return `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}
