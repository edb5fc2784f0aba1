// Drawn people for the picture of a call: flat shapes, four heads of hair. Decoration only.
import type { ReactNode } from 'react';
import styles from './Portrait.module.css';

export type Person = 'ada' | 'noor' | 'tomas' | 'you';

interface Look {
  room: string;
  lamp: string;
  skin: string;
  shade: string;
  shirt: string;
  behind: ReactNode;
  before: ReactNode;
}

const curls = [
  [64, 78, 15],
  [62, 58, 16],
  [76, 42, 17],
  [98, 35, 18],
  [121, 41, 17],
  [136, 57, 16],
  [137, 78, 15],
] as const;

const looks: Record<Person, Look> = {
  ada: {
    room: '#7a4a2c',
    lamp: '#f2b56b',
    skin: '#8a5638',
    shade: '#6f4129',
    shirt: '#f3e3c8',
    behind: curls.map(([cx, cy, r]) => <circle key={cx} cx={cx} cy={cy} r={r} fill="#2a1a14" />),
    before: <path d="M66 72c4-22 18-30 34-30s30 8 34 30c-20-14-46-14-68 0z" fill="#2a1a14" />,
  },
  noor: {
    room: '#8c5a3e',
    lamp: '#ffd9a0',
    skin: '#d9a07a',
    shade: '#c08561',
    shirt: '#2e5e63',
    behind: (
      <path
        d="M100 32c-36 0-50 28-47 60 2 26 4 50-10 66h114c-14-16-12-40-10-66 3-32-11-60-47-60z"
        fill="#3f7d82"
      />
    ),
    before: (
      <path
        d="M62 98c-4-40 14-58 38-58s42 18 38 58c-4-32-16-44-38-44s-34 12-38 44zM64 116c8 22 64 22 72 0l6 34c-20 14-64 14-84 0z"
        fill="#4b8f94"
      />
    ),
  },
  tomas: {
    room: '#6d5238',
    lamp: '#e8c48a',
    skin: '#e8b892',
    shade: '#cf9b75',
    shirt: '#a5412f',
    behind: null,
    before: (
      <>
        <path
          d="M62 84c-6-36 14-52 38-52s46 14 38 52c-4-10-7-16-11-20-16 4-38 4-51-3-6 6-10 13-14 23z"
          fill="#54341f"
        />
        <path
          d="M65 94c0 30 14 42 35 42s35-12 35-42c-3 11-8 15-14 15-8-4-34-4-42 0-6 0-11-4-14-15z"
          fill="#54341f"
        />
      </>
    ),
  },
  you: {
    room: '#2c5a69',
    lamp: '#9fdbe8',
    skin: '#f0c6a2',
    shade: '#d8a783',
    shirt: '#26343f',
    behind: (
      <path
        d="M54 98c-6-52 22-68 46-68s52 16 46 68c0 28 6 40 10 54h-32V82H76v70H44c4-14 10-26 10-54z"
        fill="#7b3a22"
      />
    ),
    before: (
      <path
        d="M62 88c-2-36 18-48 39-48s39 10 37 44c-15-3-28-11-36-24-8 13-22 23-40 28z"
        fill="#8d4529"
      />
    ),
  },
};

export function Portrait({ person }: { person: Person }) {
  const look = looks[person];
  return (
    <svg
      className={styles.portrait}
      viewBox="0 0 200 200"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <rect width="200" height="200" fill={look.room} />
      <circle cx="158" cy="46" r="34" fill={look.lamp} opacity="0.18" />
      <circle cx="158" cy="46" r="15" fill={look.lamp} opacity="0.75" />
      <path d="M0 128h34v72H0zM10 96h14v32H10z" fill="#000" opacity="0.16" />
      <g className={styles.body}>
        {look.behind}
        <path d="M84 112h32v34c0 20-32 20-32 0z" fill={look.shade} />
        <path d="M24 204c2-44 32-58 60-60 4 12 28 12 32 0 28 2 58 16 60 60z" fill={look.shirt} />
        <g className={styles.head}>
          <ellipse cx="100" cy="90" rx="35" ry="42" fill={look.skin} />
          {person === 'tomas' ? null : <Cheeks />}
          {look.before}
          <g className={styles.eyes} fill="#20140f">
            <ellipse cx="86" cy="90" rx="3.6" ry="4.6" />
            <ellipse cx="114" cy="90" rx="3.6" ry="4.6" />
          </g>
          <path
            d="M79 79c4-3 9-3 12-1M109 78c4-2 9-2 12 1"
            fill="none"
            stroke="#20140f"
            strokeWidth="2.6"
            strokeLinecap="round"
          />
          <path
            d="M100 92c3 6 3 9-2 10"
            fill="none"
            stroke={look.shade}
            strokeWidth="2.4"
            strokeLinecap="round"
          />
          <path
            className={styles.mouth}
            d="M87 111c6 3 20 3 26 0-2 12-24 12-26 0z"
            fill="#7a2626"
          />
        </g>
      </g>
    </svg>
  );
}

function Cheeks() {
  return (
    <g fill="#e5734f" opacity="0.22">
      <ellipse cx="78" cy="104" rx="7" ry="5" />
      <ellipse cx="122" cy="104" rx="7" ry="5" />
    </g>
  );
}
