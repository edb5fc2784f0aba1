// Catches what no page expected, and offers the way out that usually helps.
import { Component, type ReactNode } from 'react';
import { text } from '../lib/text';
import { Button } from '../ui/Button';
import styles from './Shell.module.css';

interface ProblemProps {
  children: ReactNode;
}

export class Problem extends Component<ProblemProps, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    if (!this.state.isBroken) return this.props.children;
    return (
      <div className={styles.broken} role="alert">
        <h1>{text.common.brokenTitle}</h1>
        <p>{text.common.brokenText}</p>
        <Button tone="main" onClick={() => window.location.reload()}>
          {text.common.brokenAgain}
        </Button>
      </div>
    );
  }
}
