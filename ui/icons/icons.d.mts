/** Path data of each icon, by name. */
export const icons: Record<string, string>;
