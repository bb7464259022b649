"""What is the same for everybody who is measured: the work, its check, the processes, the clock and the
report.
"""
