export function findElectron(): string | null
export function findWindowObstacle(): string | null
export function fetchElectronOnce(): string | null
