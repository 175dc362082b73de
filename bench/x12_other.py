"""What pyx12, a parser of X12 in Python, takes to read the segments of a file. Usage: x12_other.py FILE"""

import os
import sys
import time

import pyx12.x12file


def main():
    path = sys.argv[1]
    start = time.perf_counter()
    claims = sum(1 for segment in pyx12.x12file.X12Reader(path) if segment.get_seg_id() == "CLM")
    seconds = time.perf_counter() - start
    print(f"X12 by pyx12    {os.path.getsize(path) / seconds / 1e6:.1f} MB/s, {claims} claims, segments only")


main()
