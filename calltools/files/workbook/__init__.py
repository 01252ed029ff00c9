"""Workbooks: xlsx, xlsm, xlsb, xls and ods. Imports nothing: the child process must start light."""
