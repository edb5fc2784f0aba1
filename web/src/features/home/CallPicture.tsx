// The living picture on the home page: the call screen, drawn. Every few seconds Next is pressed and the
// other person changes; it stands still where motion is not wanted. It shows no real person and no state.
import { Camera, MessageCircle, Mic } from 'lucide-react';
import { text } from '../../lib/text';
import { Mark } from '../../ui/Mark';
import styles from './CallPicture.module.css';
import { type Person, Portrait } from './Portrait';

const words = text.home;
const others: readonly Person[] = ['ada', 'noor', 'tomas'];

export function CallPicture() {
  return (
    <div className={styles.frame} role="img" aria-label={words.pictureLabel}>
      <div className={styles.tiles}>
        <div className={`${styles.tile} ${styles.them}`}>
          <div className={styles.between}>
            <Mark />
          </div>
          {others.map((person, i) => (
            <div key={person} className={styles.person} style={{ animationDelay: `${i * 6 - 1}s` }}>
              <Portrait person={person} />
              <span className={styles.name}>{words.pictureThem[i]}</span>
            </div>
          ))}
        </div>
        <div className={`${styles.tile} ${styles.you}`}>
          <div className={styles.mirrored}>
            <Portrait person="you" />
          </div>
          <span className={styles.name}>{words.pictureYou}</span>
        </div>
      </div>
      <div className={styles.talk}>
        <span className={styles.theirs}>{words.pictureHello}</span>
        <span className={styles.mine}>{words.pictureAnswer}</span>
      </div>
      <div className={styles.bar}>
        <span className={styles.dot}>
          <Mic />
        </span>
        <span className={styles.dot}>
          <Camera />
        </span>
        <span className={styles.dot}>
          <MessageCircle />
        </span>
        <span className={styles.next}>{words.pictureNext}</span>
      </div>
    </div>
  );
}
