export declare const SERVER_FLAGS: readonly string[]
export declare function findBundledNode(): string | null
export declare function findNode(): string
