/** Finds what a path means among templates in OpenAPI form, `/orders/{id}/contracts/{n}`: for requests and for the items of a batch. */
export type RouteTable<Target> = { find(path: string): { readonly target: Target; readonly params: Record<string, string> } | undefined };

export const routeTable = <Target>(routes: readonly (readonly [template: string, target: Target])[]): RouteTable<Target> => {
  const byFirstSegment = new Map<string, { readonly pattern: RegExp; readonly target: Target }[]>();
  // Templates with fewer parameters come first, so that a word wins over a parameter at the same place.
  for (const [template, target] of [...routes].sort(([one], [other]) => parametersOf(one) - parametersOf(other))) {
    const first = firstSegmentOf(template);
    byFirstSegment.set(first, [...(byFirstSegment.get(first) ?? []), { pattern: patternOf(template), target }]);
  }
  return {
    find: (path) => {
      for (const { pattern, target } of byFirstSegment.get(firstSegmentOf(path)) ?? []) {
        const match = pattern.exec(path);
        if (!match) continue;
        const params = decoded(match.groups ?? {});
        return params && { target, params };
      }
      return undefined;
    },
  };
};

const firstSegmentOf = (path: string): string => path.split('/', 2)[1] ?? '';
const parametersOf = (template: string): number => template.split('{').length - 1;

const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>[^/]+?)')}/?$`);

/** Undefined for a path with a broken escape: no route means it. */
const decoded = (groups: Record<string, string>): Record<string, string> | undefined => {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    return undefined;
  }
};
