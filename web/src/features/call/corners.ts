// The four corners in which the small tile may rest, in reading order of the language.
export type Corner = 'top-start' | 'top-end' | 'bottom-end' | 'bottom-start';

const round: readonly Corner[] = ['top-start', 'top-end', 'bottom-end', 'bottom-start'];

export function nextCorner(corner: Corner): Corner {
  return round[(round.indexOf(corner) + 1) % round.length] ?? 'top-end';
}

interface Point {
  x: number;
  y: number;
}

export function nearestCorner(centre: Point, space: Point, isRtl: boolean): Corner {
  const isTop = centre.y < space.y / 2;
  const isStart = centre.x < space.x / 2 !== isRtl;
  return `${isTop ? 'top' : 'bottom'}-${isStart ? 'start' : 'end'}`;
}
